import { codeBlocks, readPages } from './pages.ts'

/** Returns the examples of a page that name a file in their first line (`// orders.tsx`), by that name. */
export function namedExamples(path: string): Readonly<Record<string, string>> {
  const blocks = readPages()
    .filter((page) => page.path === path)
    .flatMap(codeBlocks)
  return Object.fromEntries(
    blocks.flatMap(({ code }) => {
      const name = /^\/\/ ([\w.-]+)/.exec(code)?.[1]
      return name === undefined ? [] : [[name, code] as const]
    }),
  )
}
