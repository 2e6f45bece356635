import { type ImageInfo, type ImageStore, listImages, pulledDigestOf, repositoryOf } from '@rt/image'
import { familiar } from './names.js'

type JsonObject = Readonly<Record<string, unknown>>

/** An image with the fields of Docker's API (`docker image inspect`). */
export function inspected(store: ImageStore, image: ImageInfo): JsonObject {
  const same = listImages(store).images.filter(({ id }) => id === image.id)
  const names = [...new Set(same.flatMap(({ name }) => name ?? []))]
  const { config } = image
  const rootfs = config.rootfs as { diff_ids?: readonly string[] } | undefined
  return {
    Id: image.id,
    RepoTags: names.filter((name) => !name.includes('@')).map(familiar),
    RepoDigests: repoDigests(same),
    Comment: lastComment(config.history),
    Created: image.created ?? '',
    Author: typeof config.author === 'string' ? config.author : '',
    Config: config.config ?? {},
    Architecture: image.platform.architecture,
    ...(image.platform.variant === undefined ? {} : { Variant: image.platform.variant }),
    Os: image.platform.os,
    Size: image.size,
    RootFS: { Type: 'layers', Layers: rootfs?.diff_ids ?? [] },
    Descriptor: { mediaType: image.entry.mediaType, digest: image.entry.digest, size: image.entry.size },
  }
}

/** `REPOSITORY@DIGEST`, as the registry has it. */
const repoDigests = (images: readonly ImageInfo[]): string[] => [
  ...new Set(
    images.flatMap(({ name, digest, entry }) => {
      const repository = repositoryOf(name)
      return repository === undefined ? [] : [`${familiar(repository)}@${pulledDigestOf(entry) ?? digest}`]
    }),
  ),
]

const lastComment = (history: unknown): string => {
  const last = (Array.isArray(history) ? history : []).at(-1) as { comment?: unknown } | undefined
  return typeof last?.comment === 'string' ? last.comment : ''
}
