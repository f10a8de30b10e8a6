module github.com/alcovedb/alcove/bench

go 1.25.0

require (
	github.com/alcovedb/alcove v0.0.0
	github.com/puzpuzpuz/xsync/v4 v4.5.0
	github.com/stretchr/testify v1.12.1
	github.com/tidwall/btree v1.8.1
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/alcovedb/alcove => ../
