// Which test files count what they run, for coverage. The others run all of it, much slower with counters.
const ALL_OF_IT = /\/test\/(end-to-end\/|cloud\/|histories\/|bad-input\/deployment\.|demo\.)/;

exports.isCounted = (path) => !ALL_OF_IT.test(path);
