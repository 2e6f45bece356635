/** The example of a package's README: its first ```ts block, and the ```text block after it, if one follows. */
export interface ReadmeExample {
  code: string
  /** What the code prints; `…` stands for anything within a line. */
  output: string | undefined
}

const fence = /^```(\w+)[^\n]*\n(.*?)^```$/gms

/** @throws Error when there is no ```ts block. */
export function readmeExample(markdown: string): ReadmeExample {
  const blocks = [...markdown.matchAll(fence)].map(([, language, text]) => ({ language, text: text ?? '' }))
  const first = blocks.findIndex((block) => block.language === 'ts')
  const code = blocks[first]
  if (!code) throw new Error('the README has no ```ts block: its example')
  const next = blocks[first + 1]
  return { code: code.text, output: next?.language === 'text' ? next.text : undefined }
}

/** The whole expected output as a pattern, `…` matching anything within a line. */
export function outputPattern(output: string): RegExp {
  const parts = output.trimEnd().split('…')
  return new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^\\n]*')}\\s*$`)
}
