import { describe, expect, it } from 'vitest'
import type { RealtimeChannelClass } from '../../../api/v1alpha1/realtime-channel-class.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { aChannelClass, aClass } from '../../testing/class-builders.ts'
import { createClassWatch, createOneClass, type ClassChange } from './classes.ts'

function rig(...classes: readonly RealtimeChannelClass[]) {
  const changes: ClassChange[] = []
  const warnings: string[] = []
  const watch = createClassWatch({
    withoutClass: aChannelClass(),
    onChange: (change) => void changes.push(change),
    warn: ({ class: name, reason }) => void warnings.push(`${name}: ${reason}`),
  })
  const upsert = (given: RealtimeChannelClass): void => watch.handlers.onUpsert(given as unknown as KubernetesObject) // a class is an object
  const remove = (name: string): void => watch.handlers.onDelete({ namespace: '', name }, null)
  const found = (name?: string): string => {
    const outcome = watch.find(name)
    return outcome.ok ? String(outcome.value.name) : outcome.error.reason
  }
  for (const each of classes) upsert(each)
  return { changes, warnings, upsert, remove, found, find: watch.find }
}

const byDefault = (name: string): RealtimeChannelClass => aClass({ name, isDefault: true })

describe('the class of a channel', () => {
  it('is the one that it names, else the default one, else none', () => {
    const { found, upsert } = rig(aClass({ name: 'edge' }))
    expect([found('edge'), found()]).toEqual(['edge', 'null'])
    upsert(byDefault('standard'))
    expect([found('edge'), found()]).toEqual(['edge', 'standard'])
  })

  it('is not to be had when there is none of the name, or when it was deleted', () => {
    const { found, find, remove } = rig(byDefault('standard'))
    expect(found('other')).toBe('ClassNotFound')
    remove('standard')
    expect([found('standard'), found()]).toEqual(['ClassNotFound', 'null'])
    expect(find('other')).toMatchObject({
      error: {
        message: expect.stringContaining('The RealtimeChannelClass other does not exist. Create it, or set another spec.className.'),
      },
    })
  })

  it('is undecided between two default classes, until only one is left', () => {
    const { found, find, upsert } = rig(byDefault('b'), byDefault('a'))
    expect([found(), found('a')]).toEqual(['DefaultClassAmbiguous', 'a'])
    expect(find(undefined)).toMatchObject({ error: { message: expect.stringContaining('2 classes are the default one: a, b.') } })
    upsert(aClass({ name: 'b' }))
    expect(found()).toBe('a')
  })

  it('cannot be one with a pattern that may give one thing to two namespaces', () => {
    const { found, find, warnings } = rig(aClass({ name: 'edge', isDefault: true, allowed: { hosts: ['NAMESPACE-*.example.com'] } }))
    expect([found(), found('edge')]).toEqual(['ClassInvalid', 'ClassInvalid'])
    expect(find('edge')).toMatchObject({
      error: { message: expect.stringContaining('NAMESPACE-*.example.com may give one thing to two namespaces') },
    })
    expect(warnings).toEqual([expect.stringMatching(/^edge: /)])
  })

  it.each([
    ['NAME-NAMESPACE.example.com', { host: 'NAME-NAMESPACE.example.com' }],
    ['/s/NAMESPACE-NAME', { host: 'NAMESPACE.example.com', paths: { socket: '/s/NAMESPACE-NAME' } }],
    ['/a/NAMENAMESPACE', { host: 'NAMESPACE.example.com', paths: { api: '/a/NAMENAMESPACE' } }],
  ])('cannot be one that provides one route to channels of two namespaces: %s', (pattern, route) => {
    const { found, find } = rig(aClass({ name: 'edge', isDefault: true, defaults: { route } }))
    expect([found(), found('edge')]).toEqual(['ClassInvalid', 'ClassInvalid'])
    expect(find('edge')).toMatchObject({ error: { message: expect.stringContaining(`${pattern} may give one thing to two namespaces`) } })
  })

  it('is read without its unknown fields, which are reported once', () => {
    const newer = aClass({ name: 'edge', allowed: Object.assign({ maxReplicas: 3 }, { maxTopics: 7 }) })
    const { found, warnings, upsert } = rig(newer)
    upsert(newer)
    expect(found('edge')).toBe('edge')
    expect(warnings).toEqual(['edge: fields that this operator does not know are ignored: spec.allowed.maxTopics'])
  })
})

describe('a change of a class', () => {
  it('affects the channels that name it, and those that name none when it is or was the default', () => {
    const { changes, upsert, remove } = rig(aClass({ name: 'edge' }))
    upsert(byDefault('edge'))
    upsert(aClass({ name: 'edge' }))
    remove('edge')
    expect(changes).toEqual([false, true, true, false].map((isDefault) => ({ name: 'edge', isDefault })))
  })

  it('is not reported when a list shows the same class again', () => {
    const { changes, upsert, remove } = rig(byDefault('edge'))
    upsert({ ...byDefault('edge'), metadata: { ...byDefault('edge').metadata, resourceVersion: '9', labels: { a: 'b' } } })
    remove('other')
    expect(changes).toHaveLength(1)
  })
})

describe('the one class of an operator without rights of the cluster', () => {
  it('is the default one, and the only one that can be named', () => {
    const { find } = createOneClass(aChannelClass({ name: 'only' }))
    expect([find(undefined), find('only')]).toMatchObject([{ value: { name: 'only' } }, { value: { name: 'only' } }])
    expect(find('edge')).toMatchObject({ error: { reason: 'ClassNotFound', message: expect.stringContaining('CLASS_FILE') } })
  })
})
