/**
 * Flags with which Node.js runs the gateway. Node.js reads them before the first line of JavaScript, so each command that starts the gateway has
 * them: that of the image, that of a pod, and `npm start`.
 *
 * Without the flag, V8 chooses the size of its young generation by the memory of the machine. It takes 1 MB in a pod of 512 MiB, where
 * scavenges come too often, and up to 16 MB on a large machine, which only makes an idle gateway larger (docs/adr/0038-a-young-generation-of-4-mb.md).
 */
export const gatewayNodeFlags: readonly string[] = ['--max-semi-space-size=4']
