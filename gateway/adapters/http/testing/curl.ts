/** A curl command of the documentation, as `fetch` would do it. */
export interface CurlRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Understands the few options that the documentation uses. @throws Error on any other, so that none is passed over in silence */
export function parseCurl(command: string): CurlRequest {
  const [name, ...words] = splitWords(command)
  if (name !== 'curl') throw new Error(`not a curl command: ${command}`)
  const headers: Record<string, string> = {}
  let [url, body]: (string | undefined)[] = []
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-H') {
      const [header = '', value = ''] = (words.shift() ?? '').split(/: (.*)/s)
      headers[header] = value
    } else if (word === '-d') body = words.shift()
    else if (word.startsWith('http://')) url = word
    else if (!['-i', '-s'].includes(word)) throw new Error(`the option ${word} is not understood`)
  }
  if (url === undefined) throw new Error(`no URL in ${command}`)
  // What curl says of a body by itself, unless it is told otherwise.
  if (body !== undefined) return { url, method: 'POST', body, headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers } }
  return { url, method: 'GET', headers }
}

/** Words as a shell would make them: single quotes, and line breaks behind a backslash. */
function splitWords(command: string): string[] {
  return [...command.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}
