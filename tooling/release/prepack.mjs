// Runs before a package's tarball is made, in the package's folder: builds it, or refuses. What would go wrong else is
// seen only by who installs it: no dist, or dependencies of the version "workspace:*", which no registry has.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const packer = process.env.npm_config_user_agent ?? 'no package manager'
if (!packer.startsWith('pnpm/')) {
  console.error(
    `rt: ${packer.split(' ')[0]} can't pack a package of this workspace: it leaves "workspace:*" as it is, and the`,
  )
  console.error('rt: LICENSE out. Use npx pnpm pack here, or npm run release in the root.')
  process.exit(1)
}
const { name } = JSON.parse(readFileSync('package.json', 'utf8'))
execFileSync(join(root, 'node_modules/.bin/turbo'), ['run', 'build', `--filter=${name}`, '--output-logs=errors-only'], {
  cwd: root,
  stdio: ['ignore', 2, 2],
})
if (!existsSync('dist')) {
  console.error(`rt: ${name} has no dist after its build`)
  process.exit(1)
}
