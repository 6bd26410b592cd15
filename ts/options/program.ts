/** Names and numbers that the program says of itself. `programVersion` equals package.json's version. */
export const programName = 'oc-rsync';
export const programVersion = '0.1.0';
export const newestProtocol = 32;
