import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { bodyOf, type Rule, send, type TestRegistry } from './registry-server.js'

export interface TokenRequest {
  readonly method: string
  readonly scopes: readonly string[]
  readonly service: string | null
  /** `user:password`, out of Basic. */
  readonly basic: string | undefined
  readonly grantType: string | null
  readonly refreshToken: string | null
}

/** A token server on a port of 127.0.0.1 (distribution, "Token Authentication Specification"), gone after the test. */
export class TokenServer {
  readonly asked: TokenRequest[] = []
  /** Those that the registry takes. */
  readonly valid = new Set<string>()
  /** May answer instead. */
  rule: Rule | undefined
  /** Besides the token. */
  extra: Record<string, unknown> = { expires_in: 300 }
  name: 'token' | 'access_token' = 'token'
  #port = 0

  static async start(): Promise<TokenServer> {
    const tokens = new TokenServer()
    const server = http.createServer((request, response) => {
      tokens.#answer(request, response).catch((error: unknown) => response.destroy(error as Error))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    tokens.#port = (server.address() as AddressInfo).port
    onTestFinished(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return tokens
  }

  get realm(): string {
    return `http://127.0.0.1:${this.#port}/token`
  }

  /** Makes a registry refuse what has no valid token. */
  guard(registry: TestRegistry, challenge = `Bearer realm="${this.realm}",service="tests"`): void {
    registry.rules.push((request, response) => {
      const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
      if (this.valid.has(token)) return
      send(response, 401, { 'www-authenticate': challenge })
      return true
    })
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://tokens.invalid')
    const form = new URLSearchParams(String(await bodyOf(request)))
    const basic = /^Basic (.*)$/.exec(request.headers.authorization ?? '')?.[1]
    this.asked.push({
      method: request.method ?? '',
      scopes: request.method === 'POST' ? (form.get('scope') ?? '').split(' ') : url.searchParams.getAll('scope'),
      service: form.get('service') ?? url.searchParams.get('service'),
      basic: basic && Buffer.from(basic, 'base64').toString(),
      grantType: form.get('grant_type'),
      refreshToken: form.get('refresh_token'),
    })
    if (await this.rule?.(request, response)) return
    const token = `token-${this.asked.length}`
    this.valid.add(token)
    send(response, 200, { 'content-type': 'application/json' }, JSON.stringify({ [this.name]: token, ...this.extra }))
  }
}
