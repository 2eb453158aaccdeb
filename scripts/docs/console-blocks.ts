import { type CodeBlock, codeBlocks, fileNameOf, type Page } from './pages.ts'

/** A block of commands for a terminal (```console), as a reader would type them. */
export interface ConsoleBlock extends CodeBlock {
  /** Heading of second rank above it; empty before the first. */
  readonly section: string
  /** Reason why it is not run, from a comment above it: `<!-- not run: reason -->`. */
  readonly notRun: string | null
  /** Seconds for which it is repeated until its output is as shown: `<!-- looked at again for 60 s -->`. */
  readonly againForS: number
  /** True when each command has a prompt; without, the block is typed as it stands. */
  readonly hasPrompts: boolean
  readonly commands: readonly Command[]
}

export interface Command {
  readonly line: number
  /** Text to type, perhaps over several lines. */
  readonly text: string
  /** Output that the page shows below it; null when it shows nothing, and any output will do. */
  readonly shown: readonly string[] | null
}

export function consoleBlocks(page: Page): readonly ConsoleBlock[] {
  const lines = page.text.split('\n')
  return codeBlocks(page)
    .filter(({ language }) => language === 'console')
    .map((block) => {
      // The fence is the line before the block's first, and lines are counted from 1.
      const above = lines.slice(0, block.line - 2)
      const remark = above.findLast((line) => line.trim() !== '')?.trim() ?? ''
      return {
        ...block,
        section: above.findLast((line) => line.startsWith('## '))?.slice(3) ?? '',
        notRun: /^<!-- not run: (.+) -->$/.exec(remark)?.[1] ?? null,
        againForS: Number(/^<!-- looked at again for (\d+) s -->$/.exec(remark)?.[1] ?? 0),
        hasPrompts: hasPrompts(block),
        commands: commandsOf(block),
      }
    })
}

const hasPrompts = ({ code }: CodeBlock): boolean => /^\$ /m.test(code)

/** With prompts, each is a command with its output below; without, the whole block is typed as it stands. */
function commandsOf(block: CodeBlock): readonly Command[] {
  const { code, line } = block
  const lines = code.trimEnd().split('\n')
  if (!hasPrompts(block)) return [{ line, text: lines.join('\n'), shown: null }]
  const commands: { line: number; text: string; shown: string[] }[] = []
  lines.forEach((each, index) => {
    const last = commands.at(-1)
    if (each.startsWith('$ ')) commands.push({ line: line + index, text: each.slice(2), shown: [] })
    else if (last !== undefined && last.shown.length === 0 && last.text.endsWith('\\')) last.text += `\n${each}`
    else if (last !== undefined) last.shown.push(each)
    else throw new Error(`${line + index}: a block with prompts begins with one`)
  })
  return commands.map((command) => ({ ...command, shown: command.shown.length === 0 ? null : command.shown }))
}

/** Files that a page tells its reader to write: blocks of YAML whose first line is their name, as in `# channel.yaml`. */
export function filesOf(page: Page): readonly { readonly name: string; readonly text: string }[] {
  return codeBlocks(page).flatMap((block) => {
    const name = fileNameOf(block)
    return block.language === 'yaml' && name !== null ? [{ name, text: block.code }] : []
  })
}
