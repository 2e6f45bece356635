/** The layers that are seen from above, topmost first: nothing below one that hides all. */
export function visible<Layer extends { readonly opaqueRoot: boolean }>(layers: readonly Layer[]): Layer[] {
  const topmostFirst = [...layers].reverse()
  const last = topmostFirst.findIndex((layer) => layer.opaqueRoot)
  return last < 0 ? topmostFirst : topmostFirst.slice(0, last + 1)
}
