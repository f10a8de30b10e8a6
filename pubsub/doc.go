// Package pubsub brings messages to the subscribers of channels and of patterns. It knows
// messages, not keys.
//
// A [Hub] has the channels and the patterns, a [Subscriber] subscribes to them, and what is
// published to it waits in its [Queue], which is bounded: those who publish never wait for a
// slow consumer, unless they say so, and its [Policy] says what becomes of what finds no
// room. No goroutine runs for any of that. [Match] is Redis's glob matcher, which KEYS and
// SCAN use, too.
//
// The package is for Alcove's own use: it makes no compatibility promise.
package pubsub
