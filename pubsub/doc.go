// Package pubsub will deliver messages to the subscribers of channels and of
// patterns. Today it holds only the glob matcher, which pattern subscriptions
// share with KEYS and SCAN.
//
// The package is for Alcove's own use: it makes no compatibility promise.
package pubsub
