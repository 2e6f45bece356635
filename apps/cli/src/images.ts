/** What only an image or an archive as SOURCE needs: a file of its own in the build, see tsup.config.ts. */
export { prepare, unpack } from '@rt/rootfs'
