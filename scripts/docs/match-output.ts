/**
 * Whether a command wrote what a page shows. `...` stands for anything within a line, and on a line of its own for any lines, also none. How many
 * blanks there are is not compared: columns are as wide as their widest name. Nor is what kubectl says of its own connections, now and then.
 */
export function isAsShown(shown: readonly string[], output: string): boolean {
  const pattern = shown
    .map((line) => (line.trim() === '...' ? '(?:.*\\n)*' : `${escape(normal(line)).replaceAll('\\.\\.\\.', '.*')}\\n`))
    .join('')
  const lines = output
    .split('\n')
    .filter((line) => !logOfKubectl.test(line))
    .map(normal)
  return new RegExp(`^${pattern}$`).test(lines.join('\n').replace(/\n*$/, '\n'))
}

/** The header of klog, https://github.com/kubernetes/klog: `E1126 12:47:22.629675   29580 websocket.go:296] ...`. */
const logOfKubectl = /^[IWEF]\d{4} [\d:.]+ +\d+ \S+\.go:\d+\] /

const normal = (line: string): string => line.trim().replaceAll(/\s+/g, ' ')
const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
