import type { ExplainedStep, Plan } from '@rt/program'
import type { Language } from './language.js'

/** Sentences of the packages that an experiment shows: names and reasons of steps and calls. */
const SENTENCES: Readonly<Record<string, string>> = {
  // names
  'attach root': '挂上新的根',
  capabilities: '权能（capabilities）',
  chroot: '切换根目录（chroot）',
  'close descriptors': '关闭描述符',
  escape: '逃逸',
  exec: '执行程序（exec）',
  files: '文件',
  hostname: '主机名',
  'masked paths': '被遮盖的路径',
  'mount namespace': 'Mount Namespace',
  namespaces: 'Namespace',
  'null streams': '空设备上的标准流',
  pivot_root: '切换根（pivot_root）',
  'private proc': '私有的 proc',
  'read-only paths': '只读路径',
  'root directory': '根目录',
  'root tree': '根文件树',
  say: '说一句话',
  seccomp: '系统调用过滤器（seccomp）',
  'session keyring': '会话密钥环',
  'set-up': '准备',
  'shared place': '共享的挂载点',
  'standard streams': '标准输入输出',
  sysctls: '内核参数（sysctl）',
  umask: '文件权限掩码（umask）',
  user: '用户',
  'working directory': '工作目录',
  // who asked for it
  default: '默认',
  'the host’s programs': '宿主机的程序',
  'the first program': '最初的程序',
  // reasons of steps
  'a copy of the mount, so that nothing done to it touches the directory’s own mount':
    '挂载的一份拷贝：对它做什么都不影响原来的挂载',
  'a file with content of the container’s own': '内容属于容器自己的文件',
  'a mount of the host whose propagation is shared, as systemd sets it for all':
    '宿主机上传播类型为 shared 的挂载，systemd 把所有挂载都设成这样',
  'a table of mounts of its own, which begins as a copy of the host’s': '自己的挂载表，开始时是宿主机挂载表的拷贝',
  'an empty directory in memory': '内存里的空目录',
  'become the container’s program': '变成容器的程序',
  'in memory: nothing is written into the image or on the host': '放在内存里：既不写进镜像，也不写到宿主机上',
  'its own cgroups, as the root of each hierarchy': '自己的 cgroup，作为每个层级的根',
  'its own name': '自己的名字',
  'memory, gone with the container': '内存，随容器一起消失',
  'message queues of its own': '自己的消息队列',
  'mkdir, chroot into it, and up and away: the working directory was left above the new root':
    '建一个目录，chroot 进去，再一路向上：工作目录留在了新根的上面',
  'nothing of the host may be reachable from inside': '从容器里不能碰到宿主机的任何东西',
  'only an attached tree can be mounted upon': '只有挂上的文件树才能再往上挂载',
  'paths begin at another directory; the old root is still there': '路径从另一个目录开始，旧的根还在',
  'read-only layers under a writable tmpfs, gone with the container': '只读的层，上面是可写的 tmpfs，随容器一起消失',
  'root inside is not root of the host': '容器里的 root 不是宿主机的 root',
  'settings are written through a procfs that no image and no mount can fake':
    '参数经由镜像和挂载都无法伪造的 procfs 写入',
  'settings of its own namespaces': '自己的 Namespace 的参数',
  'settings of the host that no namespace separates': '没有 Namespace 能隔开的宿主机参数',
  'stdin, stdout and stderr are of outside: through them nothing else may be reached':
    '标准输入、输出和错误来自外面：不能经由它们碰到别的东西',
  'terminals of its own': '自己的终端',
  'the container sees its own mounts, processes, names and networks': '容器看到的是自己的挂载、进程、名字和网络',
  'the container speaks before it becomes another program': '容器在变成另一个程序之前先说一句话',
  'the keys of whoever starts it are none of its business': '启动者的密钥与容器无关',
  'the mask of whoever starts the container is none of its business': '启动者的权限掩码与容器无关',
  'what a program never calls need not be within its reach': '程序从不用的系统调用，不必让它够得着',
  'what is thrown away goes to the container’s own null device, not the host’s':
    '丢弃的内容进入容器自己的空设备，而不是宿主机的',
  'what the container uses is counted and limited, and no other group is its to change':
    '统计并限制容器的用量；别的组它都无权改动',
  'the container’s own processes': '容器自己的进程',
  'the devices that every program expects, and none that reveals the host':
    '每个程序都要用的设备，没有暴露宿主机的设备',
  'the directory that will be /': '将成为 / 的目录',
  'the kernel’s objects, with the network interfaces of the container': '内核对象，网络接口是容器的',
  'the old root is gone, not merely out of sight as after chroot': '旧的根没有了，而不是像 chroot 之后那样只是看不见',
  'what tells about the host, or could harm it': '会泄露宿主机信息或危害宿主机的东西',
  'what the container uses is counted and limited': '统计并限制容器使用的资源',
  'where the program starts': '程序开始运行的地方',
  'whose files and processes it may touch': '它可以碰谁的文件和进程',
  // reasons of calls
  'a copy of a shared mount is its peer: what is mounted on one shows on the other, outside':
    'shared 挂载的拷贝是它的同伴：在一个上面挂载，另一个（外面）也会出现',
  'if propagation was left shared, the host would see the new root here':
    '如果传播仍是 shared，宿主机会在这里看到新的根',
  'made with the same mode whoever starts it': '不管谁启动，权限都一样',
  'nothing that is mounted shows on the host': '挂载的东西不会出现在宿主机上',
  'opened while outside is in sight: the name is not looked up again': '趁外面还看得见时打开：之后不再按名字查找',
  'resolved by the kernel, as in the root': '由内核解析，如同在新的根里',
  'something was renamed meanwhile: from the beginning': '其间有东西被改名：从头再来',
  'start init in its namespaces': '在新的 Namespace 里启动 init',
  'the kernel says where we really are': '由内核说出我们真正在哪里',
  'unmounting here must unmount nothing on the host': '在这里卸载，不能卸载宿主机上的东西',
  // errors
  'the experiments make mounts and namespaces without a user namespace':
    '实验要在没有 User Namespace 的情况下创建挂载和 Namespace',
  'run it as root: sudo rt lab': '请以 root 运行：sudo rt lab',
  'the experiment ended before it could be looked at': '实验在被观察之前就结束了',
}

/** Sentences with something in them that varies. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/^cgroup (".*")$/, 'cgroup $1'],
  [/^mount (".*")$/, '挂载 $1'],
  [/^(".*") of outside, seen inside$/, '外面的 $1，里面也能看到'],
  [/^(--.*)$/, '$1'],
  [/^fail: (".*") kept changing while it was looked up$/, '失败：查找 $1 时它一直在变'],
  [/^fail: (".*") leads into (\S+), which nothing may be mounted on$/, '失败：$1 通向 $2，那里不可以挂载'],
  [/^fail: the working directory is not beneath the new root$/, '失败：工作目录不在新的根之下'],
  [/^missing \((\d+) fails with (\w+)\)$/, '不存在（$1 失败：$2）'],
  [/^expected a whole number from (\d+) to (\d+), got (.*)$/, '应为 $1 到 $2 的整数，得到的是 $3'],
  [/^expected true or false, got (.*)$/, '应为 true 或 false，得到的是 $1'],
  [/^unknown option; did you mean (.*)\?$/, '没有这个选项；是不是 $1？'],
  [/^unknown option$/, '没有这个选项'],
  [/^(\d+) things are wrong with the arguments$/, '参数有 $1 处错误'],
  [/^([A-Z]\w*): .*?, (\w+)( '.*)?$/, '系统调用 $2 失败：$1$3'],
]

/** A sentence in Chinese; undefined if nobody has translated it. */
export function inChinese(text: string): string | undefined {
  if (Object.hasOwn(SENTENCES, text)) return SENTENCES[text]
  for (const [pattern, words] of PATTERNS) if (pattern.test(text)) return text.replace(pattern, words)
  return undefined
}

/** A sentence of the packages in the language of the lab. */
export const translated = (text: string, language: Language): string =>
  language === 'zh' ? (inChinese(text) ?? text) : text

/** What a plan would do, its names and reasons in the language of the lab. */
export const translatedSteps = (steps: readonly ExplainedStep[], language: Language): ExplainedStep[] =>
  steps.map((step) => ({
    ...step,
    ...words(step, language),
    step: translated(step.step, language),
    calls: step.calls.map((each) => ({
      ...each,
      ...(each.why === undefined ? {} : { why: translated(each.why, language) }),
      ...(each.kind === 'fail' ? { call: translated(each.call, language) } : {}),
      ...(each.onlyIf === undefined ? {} : { onlyIf: condition(each.onlyIf, language) }),
    })),
  }))

/** The same for the plan itself, of which only names and reasons are shown. */
export const translatedPlan = (plan: Plan, language: Language): Plan => ({
  ...plan,
  steps: plan.steps.map((step) => ({ ...step, ...words(step, language), name: translated(step.name, language) })),
})

function words<T extends { readonly why?: string; readonly origin?: string }>({ why, origin }: T, language: Language) {
  return {
    ...(why === undefined ? {} : { why: translated(why, language) }),
    ...(origin === undefined ? {} : { origin: translated(origin, language) }),
  }
}

function condition(text: string, language: Language): string {
  if (language === 'en') return text
  return text
    .split(' or ')
    .map(
      (part) =>
        inChinese(part) ?? part.replace(/(\d+) fails with (\w+)/, '$1 失败：$2').replace(/(\d+) has run/, '$1 已执行'),
    )
    .join(' 或 ')
}

/** What formatExplanation says around the steps. */
const AROUND: readonly (readonly [RegExp, string])[] = [
  [/^supervisor: in the host.s namespaces$/gm, '监督进程（supervisor）：在宿主机的 Namespace 里'],
  [/^init: the container.s first process$/gm, 'init：容器的第一个进程'],
  [/^( +)only if (.*):$/gm, '$1仅当 $2：'],
  [/\u2026 the same (\d+) times more/g, '……同样的再来 $1 次'],
]

export const translatedExplanation = (text: string, language: Language): string =>
  language === 'zh' ? AROUND.reduce((all, [pattern, with_]) => all.replace(pattern, with_), text) : text
