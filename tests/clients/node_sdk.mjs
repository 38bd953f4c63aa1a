// Sends every call of Segment's Node SDK to URL, ROUNDS times over; prints the message ids that the SDK made.
import { Analytics } from '@segment/analytics-node'

const [url, writeKey, rounds] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host: url, flushAt: 20, flushInterval: 200, maxRetries: 3 })
const failures = []
analytics.on('error', (error) => failures.push(String(error.reason ?? error)))

const sent = []
const keep = (error, context) => (error ? failures.push(String(error)) : sent.push(context.event.messageId))
for (let round = 0; round < Number(rounds); round++) {
  const userId = `user-${round}`
  analytics.identify({ userId, anonymousId: `anonymous-${round}`, traits: { email: `${userId}@example.com` } }, keep)
  analytics.track({ userId, event: 'Order Completed', properties: { revenue: 25, currency: 'EUR', round } }, keep)
  analytics.page({ userId, category: 'Docs', name: 'Home', properties: { url: 'https://shop.example/' } }, keep)
  analytics.screen({ anonymousId: `anonymous-${round}`, name: 'Home' }, keep)
  analytics.group({ userId, groupId: 56, traits: { name: 'Initech' } }, keep)
  analytics.alias({ userId, previousId: `former-${round}` }, keep)
}
await analytics.closeAndFlush({ timeout: 30000 })
process.stdout.write(JSON.stringify({ sent, failures }))
