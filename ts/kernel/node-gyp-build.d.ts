/** The package has no types of its own: it answers the addon of this machine below `<folder>/prebuilds`. */
declare module 'node-gyp-build' {
  export default function load(folder: string): unknown;
}
