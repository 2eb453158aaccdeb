/**
 * Returns true when the output of a command is what a page shows. `...` matches anything within a line, and on a line of its own any number
 * of lines. The number of blanks is ignored, because columns are as wide as their widest name. Messages of kubectl about its own
 * connections are ignored as well.
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

/** Header of klog, https://github.com/kubernetes/klog: `E1126 12:47:22.629675   29580 websocket.go:296] ...`. */
const logOfKubectl = /^[IWEF]\d{4} [\d:.]+ +\d+ \S+\.go:\d+\] /

const normal = (line: string): string => line.trim().replaceAll(/\s+/g, ' ')
const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
