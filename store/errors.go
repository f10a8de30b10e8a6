package store

import (
	"errors"
	"fmt"
)

// Expected outcomes, returned as they are: compare with ==.
var (
	// ErrNotFound is returned by a lookup of one value when there is none.
	ErrNotFound = errors.New("store: not found")
	// ErrClosed is returned by every operation on a store that was closed, or that New
	// did not make.
	ErrClosed = errors.New("store: closed")
	// ErrConflict is returned by [Store.Update] when a watched key has changed, and within a
	// transaction by everything that comes after a conflict.
	ErrConflict = errors.New("store: conflict")
	// ErrSlowConsumer is what a [Subscription] ends with that was too slow.
	ErrSlowConsumer = errors.New("store: the subscription was too slow: its buffer is full")
)

// Mistakes of the caller. They come inside an [OpError], which names the
// operation and the key: compare with [errors.Is].
var (
	// ErrWrongType says that the key holds a value of another type.
	ErrWrongType = errors.New("store: the key holds another type of value")
	// ErrNotInteger says that a value is not a base-10 int64.
	ErrNotInteger = errors.New("store: value is not an integer or out of range")
	// ErrNotFloat says that a value is not a number.
	ErrNotFloat = errors.New("store: value is not a valid float")
	// ErrOverflow says that a sum does not fit into an int64.
	ErrOverflow = errors.New("store: increment or decrement would overflow")
	// ErrNaN says that a sum is not a finite number.
	ErrNaN = errors.New("store: increment would produce NaN or Infinity")
	// ErrOffset says that an offset is negative.
	ErrOffset = errors.New("store: offset is out of range")
	// ErrBitOffset says that the offset of a bit is negative or behind the 512 MB that a
	// string can have, or that a field of bits to be written would reach behind them.
	ErrBitOffset = errors.New("store: bit offset is out of range")
	// ErrBitWidth says that a field of bits has a width that it can't have: 1 to 63 bits if
	// it is unsigned, otherwise 1 to 64.
	ErrBitWidth = errors.New("store: width of the bit field is out of range")
	// ErrIndex says that a list has no element at an index.
	ErrIndex = errors.New("store: index out of range")
	// ErrOutOfRange says that a count is out of range: negative where only a number of
	// elements makes sense, or so negative that the result would not fit into 512 MB.
	ErrOutOfRange = errors.New("store: value is out of range")
	// ErrTooLarge says that a key or a value would be longer than [MaxStringLen], or
	// that an operation would need more memory than that. Any write returns it for
	// such a key; a read just does not find it.
	ErrTooLarge = errors.New("store: string exceeds maximum allowed size (512 MB)")
	// ErrInvalidExpire says that a time to live is not positive, or that a time is not
	// after the start of 1970 or can't be expressed in milliseconds.
	ErrInvalidExpire = errors.New("store: invalid expire time")
	// ErrInvalidOption says that an option, or a combination of options, means
	// nothing for the operation.
	ErrInvalidOption = errors.New("store: invalid option")
	// ErrInvalidDigest says that a digest to compare with is not 16 hexadecimal digits.
	ErrInvalidDigest = errors.New("store: a digest must be exactly 16 hexadecimal characters")
	// ErrNoContext says that an operation that can wait was given a nil context.
	ErrNoContext = errors.New("store: the context is nil")
	// ErrInvalidCursor says that a cursor can't be one that Scan returned.
	ErrInvalidCursor = errors.New("store: invalid cursor")
	// ErrSameKey says that source and destination are the same.
	ErrSameKey = errors.New("store: source and destination objects are the same")
	// ErrInvalidDB says that there is no database of that number.
	ErrInvalidDB = errors.New("store: DB index is out of range")
	// ErrReadOnly says that a write was tried on a [Snapshot] or in a [Store.View].
	ErrReadOnly = errors.New("store: read-only")
	// ErrTxDone says that a [Tx] was used after its closure had returned.
	ErrTxDone = errors.New("store: the transaction has ended")
	// ErrNoClosure says that a transaction, a handler or [DB.WaitFor] was given no function.
	ErrNoClosure = errors.New("store: the closure is nil")
	// ErrNested says that a closure of Update used the store other than by its Tx, and would
	// have had to wait for itself.
	ErrNested = errors.New("store: nested transaction")
	// ErrUndeclared says that a closure of [Store.Serial] used a key that was not declared.
	ErrUndeclared = errors.New("store: the key was not declared")
	// ErrNotHLL says that a string is no HyperLogLog: its header or its length is not that
	// of one. It is an [ErrWrongType], too.
	ErrNotHLL error = &typeError{"store: the string is no HyperLogLog"}
	// ErrCorruptHLL says that the registers of a HyperLogLog are damaged.
	ErrCorruptHLL = errors.New("store: the HyperLogLog is corrupt")
	// ErrCoordinates says that a longitude is not within -180 and 180 degrees, or a latitude
	// not within -85.05112878 and 85.05112878.
	ErrCoordinates = errors.New("store: invalid longitude or latitude")
	// ErrUnit says that there is no such unit of length.
	ErrUnit = errors.New("store: unsupported unit")
	// ErrRadius says that a radius, a width or a height is negative or NaN.
	ErrRadius = errors.New("store: radius, width and height must not be negative")
	// ErrPolygon says that a polygon has less than three corners.
	ErrPolygon = errors.New("store: a polygon must have at least 3 corners")
	// ErrNoCenter says that the member around which to search is not there.
	ErrNoCenter = errors.New("store: the member to search from is not there")
	// ErrStreamID says that a text is no ID of a stream, or a range none of IDs.
	ErrStreamID = errors.New("store: invalid stream ID")
	// ErrStreamIDZero says that an entry was given the ID 0-0.
	ErrStreamIDZero = errors.New("store: the ID must be greater than 0-0")
	// ErrStreamIDOrder says that an ID is not greater than the last one of the stream, or,
	// given to [Stream.SetID], smaller than one that the stream has had.
	ErrStreamIDOrder = errors.New("store: the ID is equal or smaller than the stream's top item")
	// ErrStreamFull says that a stream has given the last ID that there is.
	ErrStreamFull = errors.New("store: the stream has exhausted the last possible ID")
	// ErrNoGroup says that there is no such stream, or no such consumer group of it.
	ErrNoGroup = errors.New("store: no such key or consumer group")
	// ErrNoStream says that a stream that was waited for was removed, or another value put in
	// its place.
	ErrNoStream = errors.New("store: the stream that was waited for is no longer there")
	// ErrBusyGroup says that there is a consumer group of that name already.
	ErrBusyGroup = errors.New("store: consumer group name already exists")
	// ErrBusyKey says that there is a value at a key where one was to be restored.
	ErrBusyKey = errors.New("store: target key name already exists")
	// ErrPayloadVersion says that what was to be restored is too short for a payload, is of
	// a later version, or was damaged.
	ErrPayloadVersion = errors.New("store: payload version or checksum are wrong")
	// ErrBadPayload says that what was to be restored is a payload, and makes no value.
	ErrBadPayload = errors.New("store: bad data format of the payload")
	// ErrNotDumpable says that no payload can have a value.
	ErrNotDumpable = errors.New("store: no payload can have the value: the stream has pending entries that are nobody's")
	// ErrNotTracked says that the store was not made with the [Tracking] that the
	// operation needs.
	ErrNotTracked = errors.New("store: access is not tracked; see WithTracking")
)

// typeError is an ErrWrongType that says more.
type typeError struct{ text string }

func (e *typeError) Error() string { return e.text }

func (e *typeError) Unwrap() error { return ErrWrongType }

// OpError is a mistake of the caller: what failed, on which key, and why.
type OpError struct {
	Op  string // the Redis command, such as "INCRBY"
	Key string // empty where the operation has no key
	Err error
}

// Error returns the operation, the start of the key and the cause.
func (e *OpError) Error() string {
	const most = 64
	key := e.Key
	if len(key) > most {
		key = key[:most] + "..."
	}
	if key == "" {
		return fmt.Sprintf("%v (%s)", e.Err, e.Op)
	}
	return fmt.Sprintf("%v (%s %q)", e.Err, e.Op, key)
}

// Unwrap returns the cause.
func (e *OpError) Unwrap() error { return e.Err }

// mistake returns err as an OpError, unless it is an expected outcome.
func mistake(op, key string, err error) error {
	if err == nil || err == ErrNotFound || err == ErrClosed || err == ErrConflict || err == ErrTxDone {
		return err
	}
	return &OpError{Op: op, Key: key, Err: err}
}
