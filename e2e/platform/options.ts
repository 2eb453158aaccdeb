import { messageOf } from '../../program/message-of.ts'
import { parseArgs } from 'node:util'
import { failed, ok, type Result } from '../../program/result.ts'

export const ipFamilies = ['ipv4', 'ipv6', 'dual'] as const
export type IpFamily = (typeof ipFamilies)[number]

export type BaseImages = Readonly<Record<'NODE_IMAGE' | 'DEBIAN_IMAGE', string>>

/** Reads the variables that name other base images. */
export const otherBaseImages = ({ NODE_IMAGE = '', DEBIAN_IMAGE = '' }: Readonly<Record<string, string | undefined>>): BaseImages => ({
  NODE_IMAGE,
  DEBIAN_IMAGE,
})

/** Options of `make up`, `make reload` and `make down`. */
export interface PlatformOptions {
  /** Name of the kind cluster. */
  readonly name: string
  readonly httpPort: number
  readonly httpsPort: number
  readonly brokers: number
  /** Address family of pods and Services. */
  readonly ipFamily: IpFamily
  /** URL or file with the definitions of the Gateway API. */
  readonly gatewayApiCrds: string
  /** Images in place of those that the Dockerfile names, by the variables of `variableOf`. Empty: those of the Dockerfile. */
  readonly baseImages: BaseImages
  /** Installs the metrics API, which a kind cluster lacks. */
  readonly metrics: boolean
  /** Makes the sample channel. */
  readonly sample: boolean
}

const table = {
  name: { default: 'carillon', sentence: 'Name of the kind cluster.' },
  'http-port': { default: '8080', sentence: 'Port on 127.0.0.1 for http, which redirects to https.' },
  'https-port': { default: '8443', sentence: 'Port on 127.0.0.1 for https and wss.' },
  brokers: { default: '1', sentence: 'Kafka nodes, 1 to 3.' },
  'ip-family': {
    default: 'ipv4',
    sentence:
      'Addresses of pods and Services: ipv4, ipv6, or dual for both. With ipv6, the ingress is not reachable from outside the cluster.',
  },
  'gateway-api-crds': {
    env: 'GATEWAY_API_CRDS',
    default: 'https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.4.0/standard-install.yaml',
    sentence: 'URL or file with the definitions of the Gateway API.',
  },
} as const satisfies Record<string, { readonly env?: string; readonly default: string; readonly sentence: string }>

type Name = keyof typeof table

const rows: readonly (readonly [string, string])[] = [
  // Object.entries loses the known keys of a literal.
  ...(Object.entries(table) as [Name, { readonly env?: string; readonly default: string; readonly sentence: string }][]).map(
    ([name, { env, default: value, sentence }]) => {
      return [`--${name}`, `${sentence} [${[value, ...(env === undefined ? [] : [`or the variable ${env}`])].join(', ')}]`] as const
    },
  ),
  ['--metrics', 'Install the metrics API: for autoscaling, and kubectl top.'],
  ['--no-sample', 'Do not make the sample channel.'],
  ['--help', 'This.'],
]

/** @param what purpose of the command, in a sentence */
export const renderHelp = (command: string, what: string): string =>
  [
    what,
    '',
    `  node e2e/${command}.ts [options], or make ${command} ARGS="[options]"`,
    '',
    ...rows.map(([name, sentence]) => `  ${name.padEnd(20)} ${sentence}`),
    '',
    'NODE_IMAGE and DEBIAN_IMAGE name base images in place of those of the Dockerfile, for example of a mirror.',
    '',
  ].join('\n')

/** @returns the options, or every error in them */
export function parsePlatformOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Result<PlatformOptions | 'help', readonly string[]> {
  const parsed = parseWords(args)
  if (!parsed.ok) return failed([parsed.error])
  const { values } = parsed
  if (values['help'] === true) return ok('help')
  const text = (name: Name): string => {
    const row: { readonly env?: string; readonly default: string } = table[name]
    const given = values[name]
    const fromEnv = row.env === undefined ? '' : (env[row.env] ?? '')
    return typeof given === 'string' ? given : fromEnv === '' ? row.default : fromEnv
  }
  const options: PlatformOptions = {
    name: text('name'),
    httpPort: Number(text('http-port')),
    httpsPort: Number(text('https-port')),
    brokers: Number(text('brokers')),
    ipFamily: text('ip-family') as IpFamily, // checked below
    gatewayApiCrds: text('gateway-api-crds'),
    baseImages: otherBaseImages(env),
    metrics: values['metrics'] === true,
    sample: values['no-sample'] !== true,
  }
  const wrong = findWrong(options)
  return wrong.length === 0 ? ok(options) : failed(wrong)
}

function findWrong({ name, httpPort, httpsPort, brokers, ipFamily, sample }: PlatformOptions): readonly string[] {
  const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535
  return [
    ...(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name) ? [] : ['--name: expected up to 32 of a-z, 0-9 and -']),
    ...(isPort(httpPort) ? [] : ['--http-port: expected a port, 1 to 65535']),
    ...(isPort(httpsPort) ? [] : ['--https-port: expected a port, 1 to 65535']),
    ...(isPort(httpPort) && httpPort === httpsPort ? ['--https-port: expected another port than --http-port'] : []),
    ...([1, 2, 3].includes(brokers) ? [] : ['--brokers: expected 1, 2 or 3']),
    ...(ipFamilies.includes(ipFamily) ? [] : [`--ip-family: expected one of ${ipFamilies.join(', ')}`]),
    ...(ipFamily === 'ipv6' && sample
      ? ['--ip-family: with ipv6 the sample channel cannot be reached from this machine; add --no-sample']
      : []),
  ]
}

type Words =
  | { readonly ok: true; readonly values: Readonly<Record<string, string | boolean | undefined>> }
  | { readonly ok: false; readonly error: string }

function parseWords(args: readonly string[]): Words {
  try {
    const texts = Object.fromEntries(Object.keys(table).map((name) => [name, { type: 'string' as const }]))
    return {
      ok: true,
      ...parseArgs({
        args: [...args],
        options: { ...texts, metrics: { type: 'boolean' }, 'no-sample': { type: 'boolean' }, help: { type: 'boolean' } },
      }),
    }
  } catch (error) {
    // parseArgs throws on an unknown flag.
    return { ok: false, error: messageOf(error) }
  }
}
