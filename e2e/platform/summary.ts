import { relative } from 'node:path'
import { sampleChannel, namespaces, type Platform } from './platform-steps.ts'

/** Returns what to know after `make up`. */
export function renderSummary({ place, options, root }: Pick<Platform, 'place' | 'options' | 'root'>, seconds: number): string {
  const file = (path: string): string => relative(root, path)
  const named = options.name === 'carillon' ? '' : `--name ${options.name}`
  const make = (target: string, more = ''): string =>
    [
      'make',
      target,
      ...([more, named].join('').trim() === '' ? [] : [`ARGS="${[more, named].filter((part) => part !== '').join(' ')}"`]),
    ].join(' ')
  const lines = [
    '',
    `The kind cluster ${options.name} is up, after ${Math.round(seconds)} s.`,
    '',
    ...(options.sample
      ? [
          `  console    ${place.origin}/console`,
          `  WebSocket  ${place.origin.replace(/^https/, 'wss')}/wss/${sampleChannel}/v1/ws`,
          `  events     ${place.origin}/api/${sampleChannel}/v1/events`,
          '',
        ]
      : []),
    `  The certificate is signed by ${file(place.files.caCertificate)}: trust it, or click through the browser's warning.`,
    '',
    'Three things to try:',
    '',
    '  # The channel, and its state',
    `  export KUBECONFIG=$PWD/${file(place.files.kubeconfig)}`,
    `  kubectl get rtc --namespace ${namespaces.sample} --output wide`,
    '',
    '  # A token to paste into the console ("Paste a token..."), which may receive and emit',
    `  ${make('token', '--user ada --scope carillon.emit')}`,
    '',
    '  # An event to everyone: see it arrive in the console',
    `  curl --cacert ${file(place.files.caCertificate)} -H "authorization: Bearer $(${make('token', '--user ada --scope carillon.emit')})" \\`,
    `    --json '{"type": "greeting", "broadcast": true, "payload": {"text": "hello"}}' ${place.origin}/api/${sampleChannel}/v1/emit-message`,
    '',
    `${make('reload')} brings your changes into it, ${make('down')} removes everything.`,
  ]
  return lines.join('\n')
}
