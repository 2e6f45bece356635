/** Names in the directory of a layer that is not unpacked. */
export const INDEX_FILE = 'layer.erofs'
export const CONTENT_FILE = 'layer.tar'
