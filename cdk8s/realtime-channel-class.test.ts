import { App, Chart, Testing } from 'cdk8s'
import { describe, expect, it } from 'vitest'
import { classExample, smallClassExample } from '../api/v1alpha1/examples.ts'
import { RealtimeChannel, RealtimeChannelClass, type RealtimeChannelClassProps } from './index.ts'
import { refusedClasses } from '../api/testing/refused-classes.ts'

const chart = (namespace?: string) => new Chart(new App(), 'app', namespace === undefined ? {} : { namespace })
const classOf = (props: RealtimeChannelClassProps) => new RealtimeChannelClass(chart(), 'edge', { metadata: { name: 'edge' }, ...props })

describe('a class of a cdk8s app', () => {
  it.each([classExample, smallClassExample])('renders the manifest without a namespace: $metadata.name', (manifest) => {
    const app = chart('shop')
    const { annotations, ...metadata } = manifest.metadata
    new RealtimeChannelClass(app, 'class', { metadata, isDefault: annotations !== undefined, ...manifest.spec })
    expect(Testing.synth(app)).toEqual([manifest])
  })

  it('keeps given annotations beside that of the default class', () => {
    const app = chart()
    new RealtimeChannelClass(app, 'class', { metadata: { name: 'edge', annotations: { team: 'edge' } }, isDefault: true })
    expect(Testing.synth(app)).toMatchObject([{ metadata: { annotations: { team: 'edge', 'carillon.dev/is-default-class': 'true' } } }])
  })

  it('gives its name to the channels of the app', () => {
    const app = chart('shop')
    const { className } = new RealtimeChannelClass(app, 'class', { defaults: { auth: { issuer: 'https://login.example.com' } } })
    new RealtimeChannel(app, 'news', { metadata: { name: 'news' }, className })
    expect(Testing.synth(app)).toMatchObject([{ metadata: { name: className } }, { spec: { className } }])
  })

  it.each(refusedClasses)('throws what the API server would refuse, with its path: $path', ({ path, message, spec }) => {
    expect(() => classOf(spec)).toThrow(`RealtimeChannelClass app/edge would be refused:\n- ${path}: ${message}`)
  })

  it('throws for an unknown field, and for one that no class can give', () => {
    expect(() => classOf({ allowed: { host: ['a'] } } as RealtimeChannelClassProps)).toThrow('spec.allowed.host: is not known') // written without types
    expect(() => classOf({ defaults: { topic: { name: 'a' } } })).toThrow('spec.defaults.topic.name: is not known')
  })
})
