import { floor, podman, rtRun, skopeoAndTar, skopeoAndUmoci } from '../candidates/pulled.js'
import { type Row, ratio } from '../row.js'

export const row: Row = {
  name: 'image',
  what: 'from a registry on this machine to the end of the first process: an image with a 400 MB layer, on a new ext4',
  unit: 'ms',
  candidates: [
    floor,
    () => rtRun('erofs'),
    () => rtRun('folders'),
    () => skopeoAndUmoci(),
    () => skopeoAndTar(),
    () => podman(),
  ],
  budgets: [
    ratio('rt erofs', 'floor', 1.3),
    ratio('rt erofs', 'skopeo and umoci', 0.25),
    ratio('rt erofs', 'podman pull', 0.5),
    ratio('rt folders', 'skopeo and GNU tar', 1),
  ],
  rounds: 3,
}
