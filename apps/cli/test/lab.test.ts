// requires root, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { readdirSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { language, SEED } from '../src/lab/language.js'
import { rt, traces } from './rt.js'

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

  it('1: in Chinese with the seed’s own lines, under a Chinese locale', () => {
    const { status, stdout } = rt(['lab', '1'], { env: { LC_ALL: 'zh_CN.UTF-8' } })
    expect(status).toBe(0)
    expect(stdout).toMatch(/\n父进程 - 启动一个容器！\n容器 - 已进入容器内部！\n[\s\S]*\n父进程 - 容器已停止！\n/)
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

  it('has the seed’s own lines', () => {
    expect(Object.values(SEED).map(({ zh }) => zh)).toEqual([
      '父进程 - 启动一个容器！',
      '容器 - 已进入容器内部！',
      '父进程 - 容器已停止！',
    ])
  })
})
