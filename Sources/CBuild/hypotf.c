/// hypotf(3). glibc 2.35 gave it a new version, `hypotf@GLIBC_2.35`, without the old error handling. A program that is
/// linked with a newer glibc then does not start with glibc 2.34 (Amazon Linux 2023, AWS Lambda, RHEL 9), although only
/// Swift's standard library refers to the function and the product never calls it.
///
/// The square of a float is exact in a double, and the sum of two squares neither overflows nor underflows there. An
/// infinite argument makes the result infinite, even if the other is NaN (IEEE 754-2019, 9.2.1).
float hypotf(float x, float y) {
    if (__builtin_isinf(x) || __builtin_isinf(y)) {
        return __builtin_inff();
    }
    double a = x, b = y;
    return (float)__builtin_sqrt(a * a + b * b);
}
