// requires root, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { explain } from '@rt/program'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { inChinese } from '../src/lab/chinese.js'
import { EXPERIMENTS } from '../src/lab/experiments.js'
import { LINES, language } from '../src/lab/language.js'
import { planOf } from '../src/lab/observe.js'
import { sayInside } from '../src/lab/say.js'
import { NOBODY, rt, traces } from './rt.js'

describe('rt lab', () => {
  beforeEach((context) => needs(context, 'root'))

  it('--check: everything that the experiments claim holds here, and nothing is left', () => {
    const before = [traces(), readdirSync('/tmp').filter((name) => name.startsWith('rt-lab-'))]
    const { status, stdout, stderr } = rt(['lab', '--check'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.match(/^\d\. .*$/gm)).toHaveLength(4)
    expect(stdout).not.toContain('FAIL')
    expect(stdout.match(/^ok /gm)?.length).toBeGreaterThan(20)
    expect([traces(), readdirSync('/tmp').filter((name) => name.startsWith('rt-lab-'))]).toEqual(before)
  })

  it('--check holds while another program mounts and unmounts all the time', async () => {
    const place = temporaryFolder('stranger')
    const script = `while mount -t tmpfs stranger '${place}'; do umount '${place}'; done`
    const stranger = spawn('sh', ['-c', script], { stdio: 'ignore' })
    const gone = new Promise((resolve) => stranger.once('exit', resolve))
    try {
      for (let times = 0; times < 3; times++) {
        const { stdout } = rt(['lab', '--check'], { env: { LC_ALL: 'C' } })
        expect(stdout.match(/^FAIL.*/gm) ?? []).toEqual([])
      }
    } finally {
      stranger.kill()
      await gone
      spawnSync('umount', [place])
    }
  })

  it('is Chinese in all that it says, errors too', () => {
    const chinese = (args: string[], options = {}) =>
      rt(['lab', ...args], { env: { LC_ALL: 'zh_CN.UTF-8' }, ...options })
    expect(chinese(['9']).stderr).toBe('rt：N：应为 1 到 4 的整数，得到的是 "9"\n')
    expect(chinese(['--chek']).stderr).toBe('rt：--chek：没有这个选项；是不是 --check？\n')
    expect(chinese(['1'], { uid: NOBODY, gid: NOBODY }).stderr).toMatch(/^rt：实验要在.*\n {2}提示：请以 root 运行/)
    // What is left of English are names of calls and commands, and what they print.
    const prose = chinese(['2'])
      .stdout.split('\n')
      .filter((line) => /^ {2}\S|^\S.*[:：]/.test(line) && !/^\$ |^> /.test(line))
    for (const line of prose) expect(line).toMatch(/\p{Script=Han}|^none on /u)
    expect(prose.length).toBeGreaterThan(15)
  })

  it('has a translation of everything that an experiment can show', async () => {
    const missing = new Set<string>()
    const check = (text: string | undefined): void => {
      if (text !== undefined && inChinese(text) === undefined) missing.add(text)
    }
    for (const experiment of EXPERIMENTS) {
      await experiment.perform(async (trials) => {
        for (const { steps, brief } of trials) {
          for (const step of explain(planOf([steps, sayInside('zh')], ['/bin/sh']))) {
            for (const text of [step.step, step.why, step.origin]) check(text)
            if (!brief && step.step !== 'exec' && step.step !== 'set-up')
              for (const { why, kind, call } of step.calls) {
                check(why)
                if (kind === 'fail') check(call)
              }
          }
        }
      })
    }
    expect([...missing]).toEqual([])
  })

  it('1: shows the files of the directory that it is started in', () => {
    const folder = temporaryFolder('own')
    writeFileSync(`${folder}/of-mine`, '')
    expect(rt(['lab', '1'], { cwd: folder, env: { LC_ALL: 'C' } }).stdout).toMatch(/\$ ls -A\n.*\nof-mine\n/)
  })

  it('1: in Chinese with its own lines, under a Chinese locale', () => {
    const { status, stdout } = rt(['lab', '1'], { env: { LC_ALL: 'zh_CN.UTF-8' } })
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /\n父进程 - 启动一个容器！\n\$ ls -A\n容器 - 已进入容器内部！\n[\s\S]*\n父进程 - 容器已停止！\n/,
    )
    expect(stdout).toContain('clone3({flags=CLONE_NEWNS|')
    expect(stdout).toContain('宿主机的挂载')
  })

  it('2: shows the calls, and the mounts of both sides before, during and after', () => {
    const { stdout } = rt(['lab', '2'], { env: { LC_ALL: 'C' } })
    expect(stdout).toContain('mount(NULL, "/", NULL, MS_PRIVATE|MS_REC, NULL)')
    expect(stdout).toContain('mount("none", "/tmp", "tmpfs", 0, "")')
    expect(stdout).toMatch(
      /Mounts on the host\n {2}before: (\d+)\n {2}during: \1 .*\n {2}after: \1 .*\nMounts in the container\n {2}during: \d+\n {4}\+ none on \/tmp type tmpfs \(rw,relatime/,
    )
    expect(stdout).toMatch(
      /during: \d+\n {4}\+ none on \/tmp\/rt-lab-\w+ type tmpfs .*\n {4}\+ none on \/tmp\/rt-lab-\w+\/inside type tmpfs/,
    )
  })

  it('3: the escape works under chroot, and not under pivot_root', () => {
    const { stdout } = rt(['lab', '3'], { env: { LC_ALL: 'C' } })
    expect(stdout).toContain('ok    the program is out: it reads the file of the host\n')
    expect(stdout).toContain('ok    it fails: the program is still in its rootfs\n')
  })

  it('--json', () => {
    const results = JSON.parse(rt(['lab', '--json', '4'], { env: { LC_ALL: 'C' } }).stdout)
    expect(results).toEqual([
      {
        experiment: 4,
        findings: expect.arrayContaining([{ claim: expect.stringMatching(/^1\. namespaces/), holds: true }]),
      },
    ])
  })
})

describe('the language', () => {
  it.each([
    [{}, 'en'],
    [{ LANG: 'zh_CN.UTF-8' }, 'zh'],
    [{ LANG: 'zh_CN.UTF-8', LC_MESSAGES: 'en_GB.UTF-8' }, 'en'],
    [{ LANG: 'en_GB', LC_ALL: 'zh_TW' }, 'zh'],
    [{ LANG: 'zh_CN', LC_ALL: 'C' }, 'en'],
    [{ LC_ALL: '', LANG: 'zh' }, 'zh'],
  ] as const)('%j: %s', (environment, expected) => {
    expect(language(environment)).toBe(expected)
  })

  it('has lines of its own', () => {
    expect(Object.values(LINES).map(({ zh }) => zh)).toEqual([
      '父进程 - 启动一个容器！',
      '容器 - 已进入容器内部！',
      '父进程 - 容器已停止！',
    ])
  })
})
