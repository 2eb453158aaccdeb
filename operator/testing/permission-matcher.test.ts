import { describe, expect, it } from 'vitest'
import type { Permission } from '../permissions.ts'
import { parseRequest, type ApiRequest } from './api-request.ts'
import { covers, checkedRequests, rightsOf, usedRights } from './permission-matcher.ts'

describe('a request as RBAC sees it', () => {
  it.each<readonly [string, string, Partial<ApiRequest>]>([
    [
      'GET',
      '/api/v1/namespaces/shop/services/chat',
      { verb: 'get', group: '', resource: 'services', namespace: 'shop', name: 'chat', subresource: '' },
    ],
    ['GET', '/apis/apps/v1/deployments?limit=500', { verb: 'list', group: 'apps', resource: 'deployments', namespace: '', name: '' }],
    [
      'GET',
      '/apis/apps/v1/namespaces/shop/deployments?watch=true&resourceVersion=1',
      { verb: 'watch', resource: 'deployments', namespace: 'shop' },
    ],
    [
      'PATCH',
      '/apis/carillon.dev/v1alpha1/namespaces/shop/realtimechannels/chat/status?force=true',
      { verb: 'patch', resource: 'realtimechannels', subresource: 'status', name: 'chat' },
    ],
    ['POST', '/apis/events.k8s.io/v1/namespaces/shop/events', { verb: 'create', resource: 'events', name: '' }],
    ['DELETE', '/api/v1/namespaces/shop/services', { verb: 'deletecollection' }],
    ['GET', '/api/v1/namespaces/shop', { verb: 'get', resource: 'namespaces', namespace: 'shop', name: 'shop' }],
    ['GET', '/apis/networking.k8s.io/v1/ingressclasses', { verb: 'list', group: 'networking.k8s.io', resource: 'ingressclasses' }],
    ['GET', '/version', { verb: 'get', resource: '', name: '' }],
    ['GET', '/apis/apps/v1', { resource: '' }],
  ])('%s %s', (method, path, expected) => {
    expect(parseRequest(method, path)).toMatchObject(expected)
  })
})

const reading: Permission = { apiGroup: '', resources: ['services', 'pods'], verbs: ['get', 'list'], scope: 'channels', by: 'x', why: 'X.' }
const everywhere = { ownNamespace: 'carillon', watchNamespaces: [] }
const asked = (path: string, method = 'GET'): ApiRequest => parseRequest(method, path)

describe('a permission', () => {
  it('covers its own resources in every namespace of channels, and nothing else', () => {
    expect(covers(reading, asked('/api/v1/namespaces/shop/services/chat'), everywhere)).toBe(true)
    expect(covers(reading, asked('/api/v1/services'), everywhere)).toBe(true)
    expect(covers(reading, asked('/api/v1/services?watch=true'), everywhere)).toBe(false)
    expect(covers(reading, asked('/api/v1/namespaces/shop/secrets/x'), everywhere)).toBe(false)
    expect(covers(reading, asked('/apis/other/v1/namespaces/shop/services/chat'), everywhere)).toBe(false)
    expect(covers(reading, asked('/api/v1/namespaces/shop/pods/x/log'), everywhere)).toBe(false)
    expect(covers(reading, asked('/version'), everywhere)).toBe(false)
  })

  it('in some namespaces covers neither other namespaces nor all at once', () => {
    const some = { ...everywhere, watchNamespaces: ['shop'] }
    expect(covers(reading, asked('/api/v1/namespaces/shop/services/chat'), some)).toBe(true)
    expect(covers(reading, asked('/api/v1/namespaces/shop2/services/chat'), some)).toBe(false)
    expect(covers(reading, asked('/api/v1/services'), some)).toBe(false)
  })

  it('of its own namespace covers that namespace alone', () => {
    const own = { ...reading, scope: 'own-namespace' } as const
    expect(covers(own, asked('/api/v1/namespaces/carillon/services/x'), everywhere)).toBe(true)
    expect(covers(own, asked('/api/v1/namespaces/shop/services/x'), everywhere)).toBe(false)
  })

  it('for named objects covers neither other objects nor lists', () => {
    const named = { ...reading, resourceNames: ['chat'] }
    expect(
      ['/api/v1/namespaces/shop/services/chat', '/api/v1/namespaces/shop/services/other', '/api/v1/services'].map((path) =>
        covers(named, asked(path), everywhere),
      ),
    ).toEqual([true, false, false])
  })

  it('to patch is not enough for an apply that creates', () => {
    const patch = asked('/api/v1/namespaces/shop/services/chat?fieldManager=x', 'PATCH')
    expect(checkedRequests(patch, 200).map(({ verb }) => verb)).toEqual(['patch'])
    expect(checkedRequests(patch, 201).map(({ verb }) => verb)).toEqual(['patch', 'create'])
  })

  it('is split into single rights', () => {
    expect(rightsOf([reading])).toEqual([
      'channels core/services get',
      'channels core/services list',
      'channels core/pods get',
      'channels core/pods list',
    ])
    expect([...usedRights([reading], [asked('/api/v1/namespaces/shop/pods')], everywhere)]).toEqual(['channels core/pods list'])
  })
})
