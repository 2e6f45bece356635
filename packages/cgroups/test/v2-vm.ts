import { asDelegatedUser, runV2Suite } from './v2-suite.js'

// The program of a virtual machine with cgroup v2 alone (tooling/vm). It starts itself again as a plain user.
if (process.argv[2] === 'delegated') await asDelegatedUser()
else process.exitCode = (await runV2Suite()) > 0 ? 1 : 0
