import { join } from 'node:path'
import type { PlatformOptions } from './options.ts'

/** Where a platform is: its cluster, its names, and what it keeps on this machine. */
export interface Place {
  /** Of the kind cluster. */
  readonly cluster: string
  /** What browsers call it. Names below localhost are this machine, without anybody's DNS. */
  readonly host: string
  readonly httpPort: number
  readonly httpsPort: number
  /** `https://host:port`: the origin of its pages. */
  readonly origin: string
  /** Everything that is kept; `make down` removes it. */
  readonly folder: string
  readonly files: {
    readonly kubeconfig: string
    /** The authority that signed the ingress' certificate. */
    readonly caCertificate: string
    readonly caKey: string
    readonly tlsCertificate: string
    readonly tlsKey: string
    /** Signs the tokens of the sample's users. */
    readonly signingKey: string
  }
}

export const host = 'carillon.localhost'

/** Names that the ingress' certificate is for. */
export const dnsNames = [host, `*.${host}`] as const

/** @param root the repository */
export function placeOf({ name, httpPort, httpsPort }: Pick<PlatformOptions, 'name' | 'httpPort' | 'httpsPort'>, root: string): Place {
  const folder = join(root, '.infra', `kind-${name}`)
  const file = (base: string): string => join(folder, base)
  return {
    cluster: name,
    host,
    httpPort,
    httpsPort,
    origin: httpsPort === 443 ? `https://${host}` : `https://${host}:${httpsPort}`,
    folder,
    files: {
      kubeconfig: file('kubeconfig'),
      caCertificate: file('ca.crt'),
      caKey: file('ca.key'),
      tlsCertificate: file('tls.crt'),
      tlsKey: file('tls.key'),
      signingKey: file('login.key'),
    },
  }
}
