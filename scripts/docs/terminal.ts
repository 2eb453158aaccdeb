import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'

/** A shell that a reader has open: variables, functions and background processes stay from one command to the next. */
export interface Terminal {
  /**
   * Never rejects. One at a time. @param text a command, or several: the first that fails ends the shell, because later ones depend on it
   */
  type(text: string, options: { readonly timeoutMs: number; readonly areSeveral?: boolean }): Promise<Typed>
  close(): void
}

export interface Typed {
  /** Exit code of the shell's command; null when it did not return in time. */
  readonly code: number | null
  /** Standard output and errors, in the order of their arrival. */
  readonly output: string
}

/**
 *
 * @param cwd first folder @param env whole environment of the shell
 */
export function openTerminal(cwd: string, env: Readonly<Record<string, string | undefined>>): Terminal {
  // A group of its own: its background processes end with it.
  const shell = spawn('bash', ['--noprofile', '--norc'], { cwd, env: { ...env }, stdio: ['pipe', 'pipe', 'ignore'], detached: true })
  const ended = new Promise<number>((resolve) => {
    shell.once('error', () => resolve(127))
    shell.once('close', (code) => resolve(code ?? 1))
  })
  let output = ''
  let look = (): void => {}
  shell.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    look()
  })
  // A shell that has ended is reported by its exit code.
  shell.stdin.on('error', () => {})
  shell.stdin.write('exec 2>&1\n')
  return {
    type: async (text, { timeoutMs, areSeveral = false }) => {
      const mark = `typed ${randomUUID()}`
      output = ''
      const done = new Promise<number>((resolve) => {
        look = () => {
          const found = new RegExp(`\\n${mark} (\\d+)\\n$`).exec(output)
          if (found === null) return
          output = output.slice(0, found.index)
          resolve(Number(found[1]))
        }
      })
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), timeoutMs)))
      // The trap names the one of several commands that failed.
      const strict = areSeveral ? 'set -e; trap \'echo "(this failed: $BASH_COMMAND)"\' ERR\n' : 'set +e; trap - ERR\n'
      shell.stdin.write(`${strict}eval ${quote(text)} </dev/null\nprintf '\\n${mark} %s\\n' "$?"\n`)
      const code = await Promise.race([done, ended, late])
      clearTimeout(timer)
      return { code, output }
    },
    close: () => {
      try {
        process.kill(-(shell.pid ?? 0), 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    },
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
