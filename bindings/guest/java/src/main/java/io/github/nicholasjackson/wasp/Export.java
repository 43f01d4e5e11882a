package io.github.nicholasjackson.wasp;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Lets the host call a static method, which takes and returns {@code String}, {@code byte[]}, {@link Json}, {@code int}, {@code long},
 * {@code float}, {@code double} and {@code boolean}.
 */
@Retention(RetentionPolicy.SOURCE)
@Target(ElementType.METHOD)
public @interface Export {
    /** Returns the name that the host knows the method by, where it isn't its own. */
    String value() default "";
}
