/** How a container ended. */
export type Exit = { readonly code: number } | { readonly signal: number }
