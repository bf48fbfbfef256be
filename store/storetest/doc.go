// Package storetest opens databases for tests: an SQLite file, or a Postgres
// schema of its own for each test.
//
// Postgres is the server named by OUTPACE_TEST_DATABASE, else one that is
// started from the installed binaries for this process. Packages that use it
// should call Main in their TestMain, which stops the server; without that it
// dies with the process and its files are removed by the next run.
package storetest
