/** Steps for mount namespaces. */
export { type NamespaceOptions, namespaces } from './namespaces.js'
export { proc } from './proc.js'
export { directoryTree, type OverlayTreeOptions, overlayTree } from './trees.js'
