/**
 * The tag under which registries without a referrers API have an index of what refers to a digest (distribution-spec,
 * "Referrers Tag Schema"): the digest cut to what a tag may be.
 */
export function referrersTag(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':')
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`
}
