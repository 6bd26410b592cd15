/** Variables of the environment that change what options mean (RSYNC_PARTIAL_DIR and its like). */
export type OptionEnv = Readonly<Record<string, string | undefined>>;
