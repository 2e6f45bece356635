import { mountNamespace } from './1-mount-namespace.js'
import { privateTmpfs } from './2-private-tmpfs.js'
import { changeRoot } from './3-change-root.js'
import { docker } from './4-docker.js'
import type { Experiment } from './experiment.js'

/** In the order in which a container is put together. */
export const EXPERIMENTS: readonly Experiment[] = [mountNamespace, privateTmpfs, changeRoot, docker]
