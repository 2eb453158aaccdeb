import { parseArgs } from 'node:util'
import { failed, ok, type Result } from '../../program/result.ts'

export interface ExampleOptions {
  readonly namespace: string
  readonly name: string
  readonly brokers: number
  readonly storage?: string | undefined
  readonly host?: string | undefined
  readonly origin: string
  readonly issuer: string
  readonly audience: string
  /** File with the keys that verify tokens. */
  readonly jwks?: string | undefined
  /** Secret with the secrets of resume tickets; undefined: there are no tickets. */
  readonly tickets?: string | undefined
  /** Directory for the manifests; undefined: standard output. */
  readonly out?: string | undefined
}

const texts = {
  namespace: { default: 'carillon-example', sentence: 'Namespace of Kafka and the channel.' },
  name: { default: 'news', sentence: 'Name of the channel.' },
  brokers: { default: '1', sentence: 'Kafka nodes, 1 to 3.' },
  storage: { sentence: 'Size of a volume for each Kafka node, such as 1Gi. Without it, records are lost with their pod.' },
  host: { sentence: 'Host name for browsers, by an Ingress. Without it, the channel is reached only inside the cluster.' },
  origin: { default: 'https://app.example.com', sentence: 'Origin whose pages may connect.' },
  issuer: { default: 'https://login.example.com', sentence: 'Issuer of the tokens.' },
  audience: { default: 'carillon', sentence: 'Audience of the tokens.' },
  jwks: { sentence: 'File with the public keys of the issuer (JSON Web Key Set). Without it, create the ConfigMap NAME-jwks yourself.' },
  tickets: { sentence: 'Secret that you create, with the secrets of resume tickets under `keys`. Without it, there are no tickets.' },
  out: { sentence: 'Directory for the manifests, one file each. Default: standard output.' },
} as const satisfies Record<string, { readonly default?: string; readonly sentence: string }>

export const help = `Writes the manifests of a small system: a namespace, Kafka for development, and a channel.

  node cdk8s/example/main.ts [options] | kubectl apply -f -

${Object.entries(texts)
  .map(([name, text]) => `  --${name.padEnd(10)} ${text.sentence}${'default' in text ? ` [${text.default}]` : ''}`)
  .join('\n')}
  --${'help'.padEnd(10)} This.
`

/** Returns the options, or a sentence that says what is wrong with them. */
export function parseExampleOptions(args: readonly string[]): Result<ExampleOptions | 'help', string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean' },
        namespace: { type: 'string', default: texts.namespace.default },
        name: { type: 'string', default: texts.name.default },
        brokers: { type: 'string', default: texts.brokers.default },
        origin: { type: 'string', default: texts.origin.default },
        issuer: { type: 'string', default: texts.issuer.default },
        audience: { type: 'string', default: texts.audience.default },
        storage: { type: 'string' },
        host: { type: 'string' },
        jwks: { type: 'string' },
        tickets: { type: 'string' },
        out: { type: 'string' },
      },
    })
    const { help: isHelp = false, brokers, ...rest } = values
    return ok(isHelp ? 'help' : { ...rest, brokers: Number(brokers) })
  } catch (error) {
    // parseArgs throws for an unknown flag.
    return failed(error instanceof Error ? error.message : String(error))
  }
}
