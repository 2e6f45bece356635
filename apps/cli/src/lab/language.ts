/** A sentence in the languages of the lab. */
export interface Words {
  readonly en: string
  readonly zh: string
}

export type Language = keyof Words

/** The language of messages, as setlocale(3) finds it. */
export function language(environment: NodeJS.ProcessEnv = process.env): Language {
  const locale = environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || ''
  return /^zh/i.test(locale) ? 'zh' : 'en'
}

/** What the parent and the container say, as in the C program that this began with. */
export const LINES = {
  starts: { en: 'parent - starting a container!', zh: '父进程 - 启动一个容器！' },
  inside: { en: 'container - inside the container!', zh: '容器 - 已进入容器内部！' },
  stopped: { en: 'parent - the container has stopped!', zh: '父进程 - 容器已停止！' },
} as const satisfies Record<string, Words>
