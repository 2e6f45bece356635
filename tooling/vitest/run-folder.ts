import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A vitest global set-up: one temporary folder for all fixtures of a run, named to the tests by RT_RUN_FOLDER.
 */
export default function runFolder(): () => void {
  // With the pid: the leak check of another run at the same time leaves it alone.
  const folder = mkdtempSync(join(tmpdir(), `rt-run-${process.pid}-`))
  process.env.RT_RUN_FOLDER = folder
  return () => {
    // Deleting through a bind mount that a broken test left here would delete what is bound, the host's root even.
    const mounts = mountPointsBelow(folder)
    if (mounts.length > 0) throw new Error(`not removing ${folder}: mounts were left in it: ${mounts.join(', ')}`)
    const { status, stderr } = spawnSync('rm', ['-rf', '--one-file-system', folder], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`cannot remove ${folder}: ${stderr}`)
  }
}

function mountPointsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
}
