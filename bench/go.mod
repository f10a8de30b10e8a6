module github.com/alcovedb/alcove/bench

go 1.25.0

require (
	github.com/alcovedb/alcove v0.0.0
	github.com/puzpuzpuz/xsync/v4 v4.5.0
	github.com/stretchr/testify v1.12.1
)

replace github.com/alcovedb/alcove => ../
