import { formatReference, listTags, type RegistryClient } from '@rt/registry'
import { RtError } from '@rt/sys'

/** The names of all tags of a repository. @throws RtError RT_INVALID_OPTION for a name that has a tag; as `listTags` */
export async function allTags(client: RegistryClient, name: string, signal: AbortSignal): Promise<string[]> {
  const reference = client.meanings(name)[0]
  if (reference.tag !== undefined || reference.digest !== undefined) {
    throw new RtError('RT_INVALID_OPTION', `--all-tags: ${JSON.stringify(name)} names one of them`, {
      hint: 'leave out the tag',
    })
  }
  const { registry, repository } = reference
  const names: string[] = []
  for await (const tag of listTags(client, reference, { signal })) {
    names.push(formatReference({ registry, repository, tag }))
  }
  return names
}
