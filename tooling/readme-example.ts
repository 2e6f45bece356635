/** An example of a README: a ```ts block, and the ```text block after it, if one follows. */
export interface ReadmeExample {
  code: string
  /** What the code prints; `…` stands for anything within a line. */
  output: string | undefined
}

const fence = /^```(\w+)[^\n]*\n(.*?)^```$/gms

/** Every example, in order. @throws Error when there is no ```ts block */
export function readmeExamples(markdown: string): readonly [ReadmeExample, ...ReadmeExample[]] {
  const blocks = [...markdown.matchAll(fence)].map(([, language, text]) => ({ language, text: text ?? '' }))
  const [first, ...more] = blocks.flatMap(({ language, text }, index): ReadmeExample[] => {
    const next = blocks[index + 1]
    return language === 'ts' ? [{ code: text, output: next?.language === 'text' ? next.text : undefined }] : []
  })
  if (!first) throw new Error('the README has no ```ts block: its example')
  return [first, ...more]
}

/** The whole expected output as a pattern, `…` matching anything within a line. */
export function outputPattern(output: string): RegExp {
  const parts = output.trimEnd().split('…')
  return new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^\\n]*')}\\s*$`)
}
