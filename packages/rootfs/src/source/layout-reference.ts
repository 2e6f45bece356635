import { parseDigest } from '../digest/digest.js'
import type { ImageReference } from '../oci/reference.js'

/** A way to read what follows `oci:`. */
export interface LayoutReading extends ImageReference {
  readonly directory: string
}

/** What a digest looks like at the end, right or wrong. */
const AT_DIGEST = /@(sha\d+:[^:]*)$/

/**
 * All ways to read `DIR[:TAG][@DIGEST]`: with a digest first, and the longest directory first. Tags hold colons
 * (`localhost:5000/debian:12` is what podman, buildah and skopeo write there), and directories may: only the file
 * system tells.
 *
 * @returns also what is wrong with what looks like a digest
 */
export function layoutReadings(text: string): { readings: LayoutReading[]; complaint: string | undefined } {
  const readings = readingsOf(text)
  const written = AT_DIGEST.exec(text)
  if (!written) return { readings, complaint: undefined }
  const digest = parseDigest(written[1])
  // With a tag only if it is none: no image could be meant by half a digest.
  if (typeof digest === 'string') return { readings: readings.filter(({ tag }) => !tag), complaint: digest }
  const image = readingsOf(text.slice(0, written.index))
  return { readings: [...image.map((reading) => ({ ...reading, digest })), ...readings], complaint: undefined }
}

function readingsOf(text: string): LayoutReading[] {
  const readings: LayoutReading[] = text === '' ? [] : [{ directory: text }]
  for (let colon = text.lastIndexOf(':'); colon > 0; colon = text.lastIndexOf(':', colon - 1)) {
    if (colon < text.length - 1) readings.push({ directory: text.slice(0, colon), tag: text.slice(colon + 1) })
  }
  return readings
}
