import { watch } from 'node:fs'
import { isAbsent } from './group-files.js'

export interface TickOptions {
  /** A file whose changes the kernel reports (v2: cgroup.events, memory.events). */
  readonly file?: string | undefined
  /** Milliseconds after which to look again whatever was reported. */
  readonly interval: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Moments to look again: at once, whenever the file changes, and after each interval. The watch stands before the
 * first look, so nothing falls in between.
 *
 * @throws the signal's reason
 */
export async function* ticks({ file, interval, signal }: TickOptions): AsyncGenerator<void> {
  let due = true
  let wake = () => {}
  const notify = () => {
    due = true
    wake()
  }
  const watcher = file === undefined ? undefined : watchFile(file, notify)
  const timer = setInterval(notify, interval)
  signal?.addEventListener('abort', notify)
  try {
    for (;;) {
      signal?.throwIfAborted()
      if (due) {
        due = false
        yield
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    watcher?.close()
    clearInterval(timer)
    signal?.removeEventListener('abort', notify)
  }
}

/** inotify on a file of a group that may vanish at any moment: then there is nothing to watch, and looking finds out. */
function watchFile(file: string, notify: () => void): { close(): void } | undefined {
  try {
    return watch(file, notify).on('error', notify)
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}
