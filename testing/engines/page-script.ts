/**
 * The first script of a page under test. It keeps complaints in `globalThis.complaints`, because WebDriver does not show WebKit's. The
 * back-off is random; here it is always as long as it can be, so that a test can emit while a connection is away.
 */
export const pageScript = `
globalThis.complaints = []
const complain = (text) => void complaints.push(text)
// Not a fault: the standard has engines tell so when sizes that an observer changes are observed at the next frame.
const isLate = (message) => message?.startsWith('ResizeObserver loop')
addEventListener('error', ({ message, target }) => {
  if (!isLate(message)) complain(message ? 'error: ' + message : 'not loaded: ' + (target.src ?? target.href))
}, true)
addEventListener('unhandledrejection', ({ reason }) => complain('rejection: ' + reason))
addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => complain('policy: ' + violatedDirective + ' ' + blockedURI))
for (const level of ['error', 'warn']) {
  const write = console[level]
  console[level] = (...words) => {
    complain(level + ': ' + words.join(' '))
    write.apply(console, words)
  }
}
Math.random = () => 0.999
`
